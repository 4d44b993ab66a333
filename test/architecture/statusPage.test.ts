/** That docs/statuses.md shows the statuses that there are, and the steps between them that the deciders allow. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parcelStatuses } from '../../src/domain/shipment/events.ts';
import { Order, orderStatuses } from '../../src/http/schemas/orders.ts';
import { orderSteps, parcelSteps, pieceSteps, toldOf } from '../support/statusSteps.ts';

const page = readFileSync(join(import.meta.dirname, '../../docs/statuses.md'), 'utf8');
const sectionOf = (title: string): string => page.split(/^## /m).find((part) => part.startsWith(`${title}\n`)) ?? '';
/** What stands in the first column of a section's table. */
const listedIn = (title: string): string[] =>
  [...sectionOf(title).matchAll(/^\| `(\w+)` \| \S/gm)].map(([, name = '']) => name);

interface Diagram {
  readonly steps: ReadonlySet<string>;
  /** Lines that are none of the few forms that these diagrams need, so that every renderer reads them alike. */
  readonly unread: readonly string[];
}

/** A group with an arrow to itself is drawn wrongly by some renderers, so a comment says it. */
const eachToEach = /^ {2}%% each to each: (\w+)$/;

const groupPattern = /^ {2}state (\w+) \{\n((?: {4}\w+\n)+) {2}\}\n/gm;

/** A step from or to a group is one for each of its members; one within a group is one for each two of them. */
const diagramOf = (mermaid: string): Diagram => {
  const groups = new Map(
    [...mermaid.matchAll(groupPattern)].map(([, name = '', members = '']) => [name, members.trim().split(/\s+/)]),
  );
  const membersOf = (name: string): readonly string[] => groups.get(name) ?? [name];
  const [head = '', ...lines] = mermaid.replaceAll(groupPattern, '').trimEnd().split('\n');
  const steps = new Set<string>();
  const unread = head === 'stateDiagram-v2' ? [] : [head];
  for (const line of lines) {
    const [, from, to] = /^ {2}(\w+|\[\*\]) --> (\w+)$/.exec(line.replace(eachToEach, '  $1 --> $1')) ?? [];
    if (from === undefined || to === undefined) unread.push(line);
    else for (const a of membersOf(from)) for (const b of membersOf(to)) if (a !== b) steps.add(`${a} --> ${b}`);
  }
  return { steps, unread };
};
const diagramIn = (title: string): Diagram =>
  diagramOf(/^```mermaid\n([\s\S]*?)^```/m.exec(sectionOf(title))?.[1] ?? '');

describe.each([
  ['Orders', orderSteps],
  ['Lines', pieceSteps],
  ['Parcels', parcelSteps],
] as const)('the diagram under "%s" in docs/statuses.md', (title, stepsOf) => {
  it('has the steps that the deciders allow, and no other', () => {
    const { steps, unread } = diagramIn(title);
    expect(unread).toEqual([]);
    expect([...steps].sort()).toEqual([...stepsOf()].sort());
  });
});

describe('docs/statuses.md', () => {
  it('explains the statuses of orders and parcels that the API knows, and no other', () => {
    expect(listedIn('Orders').sort()).toEqual([...orderStatuses].sort());
    expect(listedIn('Parcels')).toEqual([...parcelStatuses]);
  });

  it('explains every count of a line', () => {
    const { properties } = Order.properties.lines.items;
    const told = ['lineId', 'sku', 'priceMinor', 'currency'];
    expect(listedIn('Lines').sort()).toEqual(
      Object.keys(properties)
        .filter((name) => !told.includes(name))
        .sort(),
    );
  });

  it('says which parcel speaks for its shipment', () => {
    const ranked = [...sectionOf('Shipments').matchAll(/^\d\. `(\w+)`$/gm)].map(([, name]) => name);
    expect([...ranked].sort()).toEqual([...parcelStatuses].sort());
    const firstOf = (one: string, other: string) => (ranked.indexOf(one) < ranked.indexOf(other) ? one : other);
    for (const one of parcelStatuses) {
      for (const other of parcelStatuses) expect(toldOf(one, other)).toBe(firstOf(one, other));
    }
  });

  it('is read line by line: a form that is not known is found', () => {
    const right = 'stateDiagram-v2\n  [*] --> a\n  state g {\n    a\n    b\n  }\n  %% each to each: g\n  g --> c\n';
    expect(diagramOf(right)).toEqual({
      steps: new Set(['[*] --> a', 'a --> b', 'b --> a', 'a --> c', 'b --> c']),
      unread: [],
    });
    expect(diagramOf('stateDiagram-v2\n  a -> b\n').unread).toEqual(['  a -> b']);
  });
});
