import { counted } from '../../../core/kernel/text.ts';

const KINDS = { check: 'failed check', thread: 'comment', review: 'review', conflict: 'conflict' } as const;

/** What a round is about, by the keys that started it: `1 failed check and 2 comments`. Contains no text by others. */
export function describeKeys(keys: readonly string[]): string {
  const parts = Object.entries(KINDS).flatMap(([kind, what]) => {
    const count = keys.filter((key) => key.startsWith(`${kind}:`)).length;
    return count === 0 ? [] : [counted(count, what)];
  });
  const last = parts.pop() ?? '';
  return parts.length === 0 ? last : `${parts.join(', ')} and ${last}`;
}
