/** The middle of each country, from `world-countries` (ODbL 1.0), in whole degrees for most. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { CountryPoint } from '../commands/ports.ts';

interface Country {
  /** ISO 3166-1 alpha-2. */
  readonly cca2: string;
  readonly latlng: readonly [latitude: number, longitude: number];
}

/** Read once, and not imported: of its 800 kB only two numbers a country are kept. */
export const createCountryPoints = (): CountryPoint => {
  const file = fileURLToPath(import.meta.resolve('world-countries/dist/countries.json'));
  const countries = JSON.parse(readFileSync(file, 'utf8')) as readonly Country[];
  const points = new Map(countries.map(({ cca2, latlng: [latitude, longitude] }) => [cca2, { latitude, longitude }]));
  return (countryCode) => points.get(countryCode) ?? null;
};
