/**
 * Proof that the compiler keeps docs/architecture.md, "Personal data": where an error is expected below, `npm run
 * typecheck` fails when there is none. At run time only the last test has anything to do.
 */
import { describe, expect, it } from 'vitest';
import type { FieldClasses, Sealed } from '../../src/eventsourcing/message.ts';
import { sealed } from '../support/samples.ts';

type Sample = {
  readonly type: 'Sample';
  readonly data: { readonly id: string; readonly name: Sealed; readonly note?: Sealed; readonly count?: number };
};

const declared: FieldClasses<Sample> = { Sample: { id: 'public', name: 'pii', note: 'pii', count: 'public' } };

const undeclared: FieldClasses<Sample> = {
  // @ts-expect-error `note` is not declared, though it is optional.
  Sample: { id: 'public', name: 'pii', count: 'public' },
};
const invented: FieldClasses<Sample> = {
  // @ts-expect-error the event has no field `colour`.
  Sample: { id: 'public', name: 'pii', note: 'pii', count: 'public', colour: 'public' },
};
const leaked: FieldClasses<Sample> = {
  // @ts-expect-error a sealed field is personal data.
  Sample: { id: 'public', name: 'public', note: 'pii', count: 'public' },
};
const leakedOptional: FieldClasses<Sample> = {
  // @ts-expect-error a sealed field is personal data, also when it is optional.
  Sample: { id: 'public', name: 'pii', note: 'public', count: 'public' },
};
const unsealed: FieldClasses<Sample> = {
  // @ts-expect-error personal data is stored sealed, and a plain string isn't.
  Sample: { id: 'pii', name: 'pii', note: 'pii', count: 'public' },
};
const misspelt: FieldClasses<Sample> = {
  // @ts-expect-error there are two classes, and this is none of them.
  Sample: { id: 'secret', name: 'pii', note: 'pii', count: 'public' },
};
// @ts-expect-error the event itself is not declared.
const missing: FieldClasses<Sample> = {};

const plain: Sample['data'] = {
  id: 'x',
  // @ts-expect-error plain text is not sealed: only the sealer makes `Sealed`.
  name: 'plain text',
};

describe('the declaration of event fields', () => {
  it('is checked by the compiler, in both directions', () => {
    expect(Object.keys(declared.Sample)).toEqual(['id', 'name', 'note', 'count']);
    expect([undeclared, invented, leaked, leakedOptional, unsealed, misspelt, missing, plain]).toHaveLength(8);
    expect(sealed('x')).toBe('x');
  });
});
