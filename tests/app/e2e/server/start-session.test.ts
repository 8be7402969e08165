import { expect, test } from 'vitest';
import { makeBench } from '../../../support/bench.ts';
import { ci } from '../../../support/ci.ts';
import { askTool } from '../../unit/server/ask-tool.ts';

test(
  'a call chooses provider, model, limits and fallback for its session alone, by phase too',
  ci,
  async () => {
    await using bench = await makeBench();
    const { json } = await askTool(
      'start_session',
      {
        task: 'Write it down',
        start: false,
        providers: '{"quality":"rehearsal"}',
        models: { planning: 'large' },
        model: 'small',
        fallback: 'rehearsal',
        limits: { usd: 2.5, tokens: 1000, hours: 1, iterations: 9 },
      },
      bench.context,
    );
    expect(json.sandbox).toBe('none - agents can do what you can');
    const { sessionFile } = await bench.view(String(json.session));
    expect(sessionFile?.settings).toMatchObject({
      providers: { quality: 'rehearsal' },
      model: 'small',
      models: { planning: 'large' },
      fallback: ['rehearsal'],
      limits: { session: { usd: 2.5, tokens: 1000, hours: 1, iterations: 9 }, phases: {} },
    });
  },
);

test('invalid choices are named, and nothing is started', async () => {
  await using bench = await makeBench();
  const cases: Array<[Record<string, unknown>, string, string]> = [
    [{ models: { plan: 'x' } }, 'bad_input', 'There is no phase \\"plan\\"'],
    [{ providers: { quality: 'clod' } }, 'setting_invalid', 'PROVIDER_QUALITY'],
    [{ fallback: 'clod' }, 'setting_invalid', 'FALLBACK'],
    [{ limits: { dollars: 3 } }, 'bad_input', 'limits'],
    [{ limits: { usd: -1 } }, 'bad_input', 'limits.usd'],
    [{ limits: { iterations: 1.5 } }, 'setting_invalid', 'MAX_ITERATIONS'],
    [{ sandbox: 'none' }, 'setting_invalid', 'guard, auto, off'],
  ];
  for (const [args, code, words] of cases) {
    const { json } = await askTool('start_session', { task: 'x', ...args }, bench.context);
    expect([args, json.code]).toEqual([args, code]);
    expect(JSON.stringify(json)).toContain(words);
  }
  const { json } = await askTool('list_sessions', {}, bench.context);
  expect(json.summary).toBe('There are no such sessions.');
});
