import { appendFileSync } from 'node:fs';
import { beforeEach } from 'vitest';

/**
 * `.ci/run` sets a time, in milliseconds since 1970, after which no further test begins, and lists the tests that were
 * left out: on a machine that is several times slower than usual, a run that is cut off would report nothing at all.
 */
const { SAMOCODE_TESTS_UNTIL: until, SAMOCODE_TESTS_LEFT: list } = process.env;

if (until !== undefined && list !== undefined) {
  beforeEach(({ task, skip }) => {
    if (Date.now() < Number(until)) return;
    appendFileSync(list, `${task.file.name}\t${task.name}\n`);
    skip('out of time');
  });
}
