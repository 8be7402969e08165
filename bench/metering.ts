import { newClaudeReader } from '../src/core/agents/claude/claude-stream.ts';
import { Tally } from '../src/core/agents/reading/tally.ts';
import { judgeLimits, limitUsages, NOTHING_SPENT } from '../src/core/kernel/phases/limits.ts';
import { type Bench, median, round } from './bench.ts';

const LINES = 1000;
const ROUNDS = 30;
const LIMITS = { session: { usd: 10, tokens: 5_000_000, hours: 8 }, phases: { planning: { usd: 2 } } };

/** The cost of counting while an agent prints. */
export const meteringBench: Bench = {
  name: 'metering',
  title: 'Counting what is spent',
  about:
    'reading 1,000 lines of an agent and judging their cost against the limits, compared with reading alone',
  means: {
    bareMs: 'ms to read 1,000 lines',
    meteredMs: 'ms to read and count them',
    overheadMs: 'ms of that for counting',
  },
  async run() {
    const lines = Array.from({ length: LINES }, (_, index) => lineOf(index));
    const rounds = [];
    for (let index = 0; index < ROUNDS; index += 1) {
      rounds.push({ bare: timed(() => read(lines, false)), metered: timed(() => read(lines, true)) });
    }
    const bareMs = median(rounds.map(({ bare }) => bare));
    const meteredMs = median(rounds.map(({ metered }) => metered));
    return {
      values: {
        bareMs: round(bareMs, 2),
        meteredMs: round(meteredMs, 2),
        overheadMs: round(meteredMs - bareMs, 2),
      },
      goals: [{ value: 'overheadMs', atMost: 10 }],
    };
  },
};

function lineOf(index: number): string {
  const usage = { input_tokens: 900, cache_read_input_tokens: 40_000, output_tokens: 300 };
  const content = [{ type: 'tool_use', name: 'Bash', input: { command: `npm test -- part-${index}` } }];
  return JSON.stringify({ type: 'assistant', message: { id: `msg_${index}`, content, usage } });
}

function read(lines: readonly string[], metered: boolean): void {
  const reader = newClaudeReader();
  const tally = new Tally();
  for (const line of lines) {
    const events = reader.readLine(line);
    if (!metered) continue;
    for (const event of events) tally.note(event);
    const { input, output } = tally.tokens;
    const live = { ...NOTHING_SPENT, tokens: input + output };
    judgeLimits(limitUsages(LIMITS, { session: live, phases: { planning: live } }, 'planning'));
  }
}

function timed(act: () => void): number {
  const begun = performance.now();
  act();
  return performance.now() - begun;
}
