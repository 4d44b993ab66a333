/** A log of so many events of a business, and its read models. */
import { createPace, eventsPerRound, openQuickStore } from '../quickStore.ts';
import { bookMs, createBook } from './book.ts';
import { createBusiness, sizeOf } from './business.ts';

/** @returns how many orders there are. Says how far it has come. */
export const buildLedger = async (dataDir: string, count: number, say: (line: string) => void): Promise<number> => {
  const store = await openQuickStore(dataDir);
  try {
    const book = createBook(Date.now() - bookMs(count) - 3_600_000);
    const business = createBusiness(sizeOf(count), book, store.personalData);
    const pace = createPace(say);
    for (let goesOn = true; goesOn; ) {
      const before = book.count();
      while (goesOn && book.count() - before < eventsPerRound) goesOn = await business.step();
      await store.put(book.take());
      pace(book.count(), !goesOn);
    }
    await store.finish();
    return business.orders();
  } finally {
    await store.close();
  }
};
