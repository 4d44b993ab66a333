/** Where the rows come from: the list of a real shop where it is at hand, else a small sample of our own. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';

export interface Files {
  readonly catalogue: string;
  readonly invoices: string;
  readonly source: string;
  /** What to do for the real list; `null` where it is at hand. */
  readonly howToGet: string | null;
}

/** The data set lies beside the project and is never copied into it. */
const sharedFolder = join(import.meta.dirname, '../../shared/data');
const sampleFolder = join(import.meta.dirname, 'sample');

const whereFrom = (folder: string): string => `The year of a real shop is read from two files in ${folder}:

  online-retail.csv.gz  Online Retail: Chen, Sain, Guo 2012, doi:10.1057/dbm.2012.17, licence CC BY 4.0.
                        Get it at https://archive.ics.uci.edu/dataset/352/online+retail and save the sheet as CSV with
                        dates such as 2010-12-01 08:26:00, gzipped.
  ikea.csv              A furniture catalogue, collected from IKEA Saudi Arabia in April 2020; for trials only.
                        Get it at https://github.com/rfordatascience/tidytuesday, folder data/2020/2020-11-03.`;

export const sampleFiles = (folder: string = sharedFolder): Files => ({
  catalogue: join(sampleFolder, 'catalogue.csv'),
  invoices: join(sampleFolder, 'invoices.csv'),
  source: 'a small sample of our own',
  howToGet: `This run uses a small sample of our own.\n${whereFrom(folder)}\n`,
});

export const chooseFiles = (folder: string = sharedFolder): Files => {
  const files = { catalogue: join(folder, 'ikea.csv'), invoices: join(folder, 'online-retail.csv.gz') };
  if (existsSync(files.catalogue) && existsSync(files.invoices)) {
    return { ...files, source: 'Online Retail and the IKEA catalogue', howToGet: null };
  }
  return sampleFiles(folder);
};

export const help = `npm run demo [-- options]

Starts the service on a scratch directory, replays a year of a real shop over HTTP, listens to its webhooks, and then
counts every stock level again from the rows. Nothing is left behind.

  --rows N   only the first N rows
  --sample   a small sample of our own, though the list is at hand
  --json     the figures once more, as JSON on the last line
  --help     this

Ends with 0 when every figure agrees, 1 when one differs, 2 when the run itself failed.

${whereFrom(sharedFolder)}
Where one is missing, a small sample of our own takes the place of both. demo/README.md says what a row becomes.`;
