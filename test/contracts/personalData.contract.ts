import { expect, it } from 'vitest';
import { type PersonalData, SubjectErased } from '../../src/commands/ports.ts';
import type { Sealed } from '../../src/eventsourcing/message.ts';
import { type Make, uniqueName, useAdapter } from './make.ts';

const person = { name: 'Jörg 木村 🪑', lines: ['Hauptstraße 1', ''], phone: null, floor: 3 };
const place = 'order-1/contact';
const keyOf = (sealed: Sealed): string => sealed.split('.')[1] ?? '';

export const personalDataContract = (make: Make<PersonalData>): void => {
  const made = useAdapter(make);
  const newSubject = (): string => uniqueName('customer');

  it('opens what it sealed, to the same value', async () => {
    const { adapter } = made();
    for (const value of [person, 'text', '', 0, null, [], false]) {
      expect(await adapter.open(await adapter.seal(newSubject(), place, value), place)).toEqual(value);
    }
  });

  it('writes text that shows nothing, neither of the person nor of what was sealed before (R1.5)', async () => {
    const { adapter } = made();
    const subject = newSubject();
    const [one, two] = [await adapter.seal(subject, place, person), await adapter.seal(subject, place, person)];
    expect(one).toMatch(/^v1(?:\.[A-Za-z0-9_-]{8,})+$/);
    const parts = one.split('.').map((part) => Buffer.from(part, 'base64url').toString('latin1'));
    for (const part of [...parts, one]) {
      expect(part).not.toContain(subject);
      expect(part).not.toContain('Hauptstr');
    }
    expect(two.split('.').at(-1)).not.toBe(one.split('.').at(-1));
  });

  it('has one key for a subject, and another one for another', async () => {
    const { adapter } = made();
    const subject = newSubject();
    const sealed = await Promise.all(Array.from({ length: 20 }, (_, index) => adapter.seal(subject, place, index)));
    expect(new Set(sealed.map(keyOf)).size, 'seals that came first at the same time').toBe(1);
    expect(keyOf(await adapter.seal(newSubject(), place, 1))).not.toBe(keyOf(sealed[0]!));
    expect(await Promise.all(sealed.map((text) => adapter.open(text, place)))).toEqual(sealed.map((_, index) => index));
  });

  it('refuses text that stands in another place', async () => {
    const { adapter } = made();
    const sealed = await adapter.seal(newSubject(), place, person);
    await expect(adapter.open(sealed, 'order-2/contact')).rejects.toThrow();
    await expect(adapter.open(sealed, '')).rejects.toThrow();
  });

  it('refuses text with any part changed, cut off or taken from another text', async () => {
    const { adapter } = made();
    const subject = newSubject();
    const sealed = await adapter.seal(subject, place, person);
    const other = (await adapter.seal(subject, place, 'other')).split('.');
    const parts = sealed.split('.');
    const replaced = parts.slice(2).map((_, index) => parts.with(index + 2, other[index + 2]!).join('.'));
    const flipped = [...sealed].flatMap((character, index) =>
      character === '.' || index < 3
        ? []
        : [sealed.slice(0, index) + (character === 'A' ? 'B' : 'A') + sealed.slice(index + 1)],
    );
    const cut = [sealed.slice(0, -1), sealed.slice(0, -24), parts.slice(0, 3).join('.'), '', 'v1', `${sealed}.`];
    const sameBits = flipped.filter((text) =>
      text
        .split('.')
        .every(
          (part, index) =>
            index === 0 || Buffer.from(part, 'base64url').equals(Buffer.from(parts[index]!, 'base64url')),
        ),
    );
    for (const text of [...replaced, ...flipped, ...cut]) {
      if (sameBits.includes(text)) continue;
      await expect(adapter.open(text as Sealed, place), text).rejects.toThrow();
    }
    expect(await adapter.open(sealed, place)).toEqual(person);
  });

  it('opens nothing of an erased subject, and seals nothing for it any more (B7)', async () => {
    const { adapter } = made();
    const [subject, bystander] = [newSubject(), newSubject()];
    const [sealed, kept] = [await adapter.seal(subject, place, person), await adapter.seal(bystander, place, person)];
    await adapter.open(sealed, place);
    await adapter.erase(subject);
    expect(await adapter.open(sealed, place)).toBeNull();
    await expect(adapter.seal(subject, place, person)).rejects.toThrow(SubjectErased);
    await adapter.erase(subject);
    expect(await adapter.open(sealed, place)).toBeNull();
    expect(await adapter.open(kept, place)).toEqual(person);
  });

  it('digests a text to the same for the same subject only, and not at all once it is erased', async () => {
    const { adapter } = made();
    const [subject, other] = [newSubject(), newSubject()];
    const digest = await adapter.digest(subject, 'Jörg');
    expect(digest).toMatch(/^[A-Za-z0-9_-]{20,}$/);
    expect(await adapter.digest(subject, 'Jörg')).toBe(digest);
    expect(await adapter.digest(subject, 'Jorg')).not.toBe(digest);
    expect(await adapter.digest(other, 'Jörg')).not.toBe(digest);
    await adapter.erase(subject);
    await expect(adapter.digest(subject, 'Jörg')).rejects.toThrow(SubjectErased);
  });

  it('leaves a fence for a subject that never had a key', async () => {
    const { adapter } = made();
    const subject = newSubject();
    await adapter.erase(subject);
    await expect(adapter.seal(subject, place, person)).rejects.toThrow(SubjectErased);
  });

  it('ends erased when sealing and erasing happen at the same time', async () => {
    const { adapter } = made();
    const subjects = Array.from({ length: 10 }, newSubject);
    const sealed = await Promise.all(
      subjects.flatMap((subject) => [
        adapter.seal(subject, place, 1).catch(() => null),
        adapter.erase(subject).then(() => null),
        adapter.seal(subject, place, 2).catch(() => null),
      ]),
    );
    for (const subject of subjects) await expect(adapter.seal(subject, place, 3)).rejects.toThrow(SubjectErased);
    for (const text of sealed) if (text !== null) expect(await adapter.open(text, place)).toBeNull();
  });

  it('finds all who were remembered with an e-mail address, and nobody else (T26)', async () => {
    const { adapter } = made();
    const [one, two, other] = [newSubject(), newSubject(), newSubject()];
    const email = `${uniqueName('ada')}@example.invalid`;
    await Promise.all([adapter.remember(one, email), adapter.remember(one, email), adapter.remember(two, email)]);
    await adapter.remember(one, email);
    await adapter.remember(other, `other.${email}`);
    expect([...(await adapter.rememberedBy(email, 10))].sort()).toEqual([one, two].sort());
    expect(await adapter.rememberedBy(email, 1)).toHaveLength(1);
    expect(await adapter.rememberedBy(`nobody.${email}`, 10)).toEqual([]);
  });

  it('knows an address in every way in which it is written', async () => {
    const { adapter } = made();
    const [subject, name] = [newSubject(), uniqueName('jörg')];
    await adapter.remember(subject, `${name}@müller.de`);
    const spellings = [
      `${name}@xn--mller-kva.de`,
      `${name}@MÜLLER.DE`,
      `${name.toUpperCase()}@müller.de`,
      `  ${name}@müller.de `,
      `${name.normalize('NFD')}@müller.de`.normalize('NFD'),
    ];
    for (const spelling of spellings) expect(await adapter.rememberedBy(spelling, 10), spelling).toEqual([subject]);
    for (const other of [`${name}+a@müller.de`, `${name}@muller.de`, name, '']) {
      expect(await adapter.rememberedBy(other, 10), other).toEqual([]);
    }
  });

  it('forgets the addresses of an erased subject, and remembers none for it any more (B7)', async () => {
    const { adapter } = made();
    const [subject, bystander] = [newSubject(), newSubject()];
    const email = `${uniqueName('ada')}@example.invalid`;
    for (const each of [subject, bystander]) await adapter.remember(each, email);
    await adapter.erase(subject);
    expect(await adapter.rememberedBy(email, 10)).toEqual([bystander]);
    await expect(adapter.remember(subject, email)).rejects.toThrow(SubjectErased);
    expect(await adapter.rememberedBy(email, 10)).toEqual([bystander]);
  });

  it('ends without an address when remembering and erasing happen at the same time', async () => {
    const { adapter } = made();
    const email = `${uniqueName('ada')}@example.invalid`;
    const subjects = Array.from({ length: 10 }, newSubject);
    await Promise.all(
      subjects.flatMap((subject) => [
        adapter.remember(subject, email).catch(() => undefined),
        adapter.erase(subject),
        adapter.remember(subject, ` ${email}`).catch(() => undefined),
      ]),
    );
    expect(await adapter.rememberedBy(email, 100)).toEqual([]);
  });
};
