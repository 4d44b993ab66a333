/** Requests that tests of the API send, kept in a file, so that they can be sent again through the gateway (test/README.md). */
import { appendFileSync, existsSync, readFileSync } from 'node:fs';

export interface RecordedRequest {
  readonly method: string;
  readonly url: string;
  /** JSON, or the text that was sent in its place. */
  readonly body?: string;
  /** All but the token. */
  readonly headers: Readonly<Record<string, string>>;
}

const recordFile = process.env.RECORD_REQUESTS_FILE ?? '';

/** Does nothing unless `RECORD_REQUESTS_FILE` names a file. */
export const recordRequest = ({ headers, ...request }: RecordedRequest): void => {
  if (recordFile === '') return;
  const { authorization: _, ...rest } = headers;
  appendFileSync(recordFile, `${JSON.stringify({ ...request, headers: rest })}\n`);
};

/** `null` unless `RECORDED_REQUESTS_FILE` names a file that was written so. Each request once. */
export const recordedRequests = (): readonly RecordedRequest[] | null => {
  const file = process.env.RECORDED_REQUESTS_FILE ?? '';
  if (!existsSync(file)) return null;
  const requests = readFileSync(file, 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as RecordedRequest);
  return [...new Map(requests.map((each) => [JSON.stringify([each.method, each.url, each.body]), each])).values()];
};
