/** Whether a person can have come from where they were to where they are (R8.3): by the country that the gateway names. */
import type { FastifyRequest } from 'fastify';
import { LRUCache } from 'lru-cache';
import type { CountryPoint } from '../../commands/ports.ts';
import { distanceKm } from '../../domain/policies/ranking.ts';
import type { HttpSettings } from '../ports.ts';

const code = /^[A-Z]{2}$/;

/** Only of a trusted proxy: it is the one whose word changes `ip`. */
export const countryOf = (
  { headers, ip, socket }: FastifyRequest,
  { countryHeader }: Pick<HttpSettings, 'countryHeader'>,
): string | null => {
  if (countryHeader === undefined || ip === socket.remoteAddress) return null;
  const value = headers[countryHeader];
  return typeof value === 'string' && code.test(value) ? value : null;
};

/** An airliner flies some 900 km in an hour. */
const kmPerHourMax = 1_000;
/** Who lives at a border is in the middle of another country from one request to the next. */
const farKm = 2_500;
const peopleMax = 10_000;
const hourMs = 3_600_000;

interface Place {
  readonly country: string;
  readonly atMs: number;
}

/** @param countryPoint the middle of a country; `null` for a code that is none. */
export const createTravel = (countryPoint: CountryPoint) => {
  const places = new LRUCache<string, Place>({ max: peopleMax });
  return {
    /** Remembers where a person is now. @returns whether they can't have come from where they were. */
    isImpossible: (subject: string, country: string, atMs: number): boolean => {
      const before = places.get(subject);
      places.set(subject, { country, atMs });
      if (before === undefined || before.country === country) return false;
      const [from, to] = [countryPoint(before.country), countryPoint(country)];
      if (from === null || to === null) return false;
      const km = distanceKm(from, to);
      return km > farKm && km > (kmPerHourMax * (atMs - before.atMs)) / hourMs;
    },
  };
};
