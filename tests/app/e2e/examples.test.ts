import { test } from 'vitest';
import { ci } from '../../support/ci.ts';
import { playExample } from '../../support/play-example.ts';

// The others need the npm registry or more iterations: tests/app/soak/examples.test.ts.
test.concurrent.for(['hello-agent', 'research-only'])(
  'the example %s ends as its README shows',
  ci,
  async (name, { expect }) => {
    const { exitCode, printed, promised } = await playExample(name);
    expect(printed).toBe(promised);
    expect(exitCode).toBe(0);
  },
);
