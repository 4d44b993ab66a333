/**
 * Reads a body into one piece of memory. A client may send it byte by byte, and each part that is kept takes two hundred
 * bytes of the heap.
 */
import type { IncomingMessage } from 'node:http';
import type { FastifyRequest } from 'fastify';
import { Problem } from '../problems/problem.ts';

/** Where no length is announced; doubled as often as needed. */
const firstBytes = 4_096;

const announcedBytes = ({ headers }: FastifyRequest): number | null => {
  const length = headers['content-length'];
  return length === undefined ? null : Number(length);
};

/** @param done told once: the bytes, or a Problem when they are more than the route takes, or did not come to their end. */
export const readBody = (
  request: FastifyRequest,
  payload: IncomingMessage,
  done: (fault: Problem | null, bytes?: Buffer) => void,
): void => {
  const { bodyLimit } = request.routeOptions;
  const tooLarge = (): Problem => new Problem('BODY_TOO_LARGE', 'The body is too large.');
  const announced = announcedBytes(request);
  if (announced !== null && announced > bodyLimit) {
    done(tooLarge());
    return;
  }
  let bytes = Buffer.allocUnsafe(Math.min(announced ?? firstBytes, bodyLimit));
  let length = 0;

  const end = (fault: Problem | null): void => {
    payload.removeListener('data', take).removeListener('end', finish).removeListener('error', fail);
    done(fault, bytes.subarray(0, length));
  };
  const finish = (): void => end(null);
  const fail = (): void => end(new Problem('MALFORMED_REQUEST', 'The body did not arrive.'));
  const take = (part: Buffer): void => {
    if (length + part.length > bodyLimit) {
      end(tooLarge());
      return;
    }
    if (length + part.length > bytes.length) {
      const larger = Buffer.allocUnsafe(Math.min(bodyLimit, Math.max(2 * bytes.length, length + part.length)));
      bytes.copy(larger, 0, 0, length);
      bytes = larger;
    }
    part.copy(bytes, length);
    length += part.length;
  };
  payload.on('data', take).on('end', finish).on('error', fail);
};
