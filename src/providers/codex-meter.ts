import { type FileHandle, open } from 'node:fs/promises';
import { findRollout, readRolloutLine } from './codex-rollout.ts';
import type { Meter, TraceQuestion, Traces } from './provider.ts';

/** Between two looks; of a log that grew by more its newest end tells enough. */
const MOST_AT_ONCE_BYTES = 1024 * 1024;
const LF = 0x0a;
const TELLING = /"(?:token_usage_record|token_count|turn_context)"/;

/**
 * Codex says at the end of its turn what it has spent; its own log of the thread has it after every answer.
 * Each look reads what the log has grown by.
 */
export function newCodexMeter(question: Pick<TraceQuestion, 'cliSession' | 'env'>): Meter {
  let path: string | undefined;
  let offset = 0;
  const known: Pick<Traces, 'tokens' | 'model'> = {};

  async function readOn(handle: FileHandle): Promise<void> {
    const { size } = await handle.stat();
    if (size <= offset) return;
    const from = Math.max(offset, size - MOST_AT_ONCE_BYTES);
    const bytes = Buffer.alloc(size - from);
    const { bytesRead } = await handle.read(bytes, 0, bytes.length, from);
    const whole = bytes.subarray(0, bytesRead).lastIndexOf(LF) + 1;
    // A line that is still being written is read with the next ones; one longer than a look, never.
    offset = whole > 0 || from === offset ? from + whole : size;
    for (const line of bytes.toString('utf8', 0, whole).split('\n')) {
      if (!TELLING.test(line)) continue;
      const { tokens, model } = readRolloutLine(line);
      if (tokens) known.tokens = tokens;
      if (model) known.model = model;
    }
  }

  return async () => {
    path ??= await findRollout(question);
    const handle = path === undefined ? undefined : await open(path, 'r').catch(() => undefined);
    try {
      if (handle !== undefined) await readOn(handle);
    } catch {
      // The final report tells it again.
    } finally {
      await handle?.close();
    }
    return known;
  };
}
