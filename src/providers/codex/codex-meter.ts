import type { Meter, TraceQuestion, Traces } from '../contract/provider.ts';
import { newGrownLines } from '../reading/grown-lines.ts';
import { findRollout, readRolloutLine } from './codex-rollout.ts';

const TELLING = /"(?:token_usage_record|token_count|turn_context)"/;

/** It may have begun before midnight. Each second all the days of a year would be many. */
const MOST_DAYS = 2;

/**
 * Codex says at the end of its turn what it has spent; its own log of the thread has it after every answer.
 * Each look reads what the log has grown by.
 */
export function newCodexMeter(question: Pick<TraceQuestion, 'cliSession' | 'env'>): Meter {
  const readOn = newGrownLines(() => findRollout(question, MOST_DAYS));
  const known: Pick<Traces, 'tokens' | 'model'> = {};
  return async () => {
    await readOn((line) => {
      if (!TELLING.test(line)) return;
      const { tokens, model } = readRolloutLine(line);
      if (tokens) known.tokens = tokens;
      if (model) known.model = model;
    });
    return known;
  };
}
