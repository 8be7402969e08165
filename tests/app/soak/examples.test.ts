import { expect, test } from 'vitest';
import { playExample } from '../../support/play-example.ts';

// Those of tests/app/e2e/examples.test.ts run in CI.
test.each(['add-feature', 'refactor', 'provider-codex', 'from-a-plan'])(
  'the example %s ends as its README shows',
  async (name) => {
    const { exitCode, printed, promised } = await playExample(name);
    expect(printed).toBe(promised);
    expect(exitCode).toBe(0);
  },
);
