import { test } from 'vitest';
import { playExample } from '../../support/play-example.ts';

// The others need the npm registry or more iterations: tests/app/soak/examples.test.ts.
test.concurrent.for(['hello-agent', 'research-only'])(
  'the example %s ends as its README shows',
  async (name, { expect }) => {
    const { exitCode, printed, promised } = await playExample(name);
    expect(printed).toBe(promised);
    expect(exitCode).toBe(0);
  },
);
