import type { Resource } from '@modelcontextprotocol/sdk/types.js';
import { InvalidParamsError } from '../calls/invalid-params.ts';

const PAGE_SIZE = 50;

/** A part of the list and the cursor of the next one. @throws InvalidParamsError for a cursor that is none of ours */
export function pageOfResources(
  all: readonly Resource[],
  cursor: string | undefined,
): { resources: Resource[]; nextCursor?: string } {
  if (cursor !== undefined && !/^[1-9]\d{0,5}$/.test(cursor)) {
    throw new InvalidParamsError('The cursor is not from resources/list. Leave it out to start again.');
  }
  const from = Number(cursor ?? 0);
  const end = from + PAGE_SIZE;
  return { resources: all.slice(from, end), ...(end < all.length && { nextCursor: String(end) }) };
}
