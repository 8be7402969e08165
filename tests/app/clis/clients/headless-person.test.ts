import { test } from 'vitest';
import { makeBench } from '../../../support/bench.ts';
import { builtPrograms } from '../../../support/built-programs.ts';
import { ci } from '../../../support/ci.ts';
import { eventually } from '../../../support/eventually.ts';
import { startSession } from '../../../support/start-session.ts';
import { runClient } from './client-cli.ts';

/** A headless client announces forms, and refuses each at once, since no person is there. */
test.concurrent.for(['claude', 'codex'] as const)(
  'if only a person may open gates, a headless %s is refused, and the refusal names no way open to a model',
  ci,
  async (cli, { expect }) => {
    await using bench = await makeBench({ lines: { GATE_CHANNELS: 'person' } });
    const { view } = await startSession({ task: 'x', name: 'boats' }, bench.context);
    const { folder } = view;
    await eventually(async () => (await bench.view(folder)).state.status.kind === 'waiting');
    const { server } = await builtPrograms();
    const { repo } = bench;
    const run = await runClient({
      ...{ cli, server, homeDir: repo.homeDir, cwd: repo.path },
      script: function* () {
        const input = { session: 'boats', accept_suggestions: true };
        yield { say: 'Answering.', name: 'mcp:answer_qa', input };
        yield { say: 'Once more.', name: 'mcp:answer_qa', input };
      },
    });
    const texts = (run.turns.at(-1)?.results ?? []).map(({ text }) => text);
    expect(texts, run.stderr).toHaveLength(2);
    for (const text of texts) {
      expect(text).toContain('channel_closed');
      expect(text).toContain('with samocode in a terminal');
      expect(text).not.toContain('_qa.md');
    }
    const { status, answers } = (await bench.view(folder)).state;
    expect([status.kind, answers]).toEqual(['waiting', []]);
  },
);
