import { expect, test } from 'vitest';
import { ci } from '../../../support/ci.ts';
import { commandStorm } from '../../../support/command-storm.ts';

test(
  '400 commands of 4 writers get one answer each, from workers that leave, return and are killed',
  ci,
  async () => {
    const report = await commandStorm({ writers: 4, commands: 400, heapSize: 20, killEvery: 150 });
    expect(report.commands).toBe(400);
    expect(report.workers).toBeGreaterThan(1);
  },
);
