import { mkdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { readOverview } from '../../src/session/documents/overview.ts';
import { changeOverview, newOverview } from '../../src/session/documents/overview-change.ts';
import { KEPT_FLOW_ENTRIES, MOST_FLOW_ENTRIES, OLDER_FLOW_NOTE } from '../../src/session/legacy/old-flow.ts';
import { flowLinesOf } from '../../src/worker/documents/project-event.ts';
import { keepOldFlow, putAwayOldFlow } from '../../src/worker/documents/put-away-old-flow.ts';
import { notice, tempLog } from '../support/temp-log.ts';

/** A session with so many flow lines, in its events and in its overview. */
async function scene(count: number) {
  const log = await tempLog();
  const { writer } = await log.open();
  const { paths } = log;
  const flow = Array.from({ length: count }, (_, index) => `Part ${index + 1} done`);
  const events = await writer.append(...flow.map((text) => ({ ...notice(text), flow: text })));
  const lines = events.flatMap(flowLinesOf);
  await mkdir(paths.sessionDir, { recursive: true });
  const empty = newOverview({ title: 'x', started: '2026-01-08 10:00', workingDir: '/w', task: 'Build it' });
  await writeFile(paths.overview, changeOverview(empty, { appendFlow: lines }));
  const overview = () => readFile(paths.overview, 'utf8');
  const oldFlow = () => readFile(paths.oldFlow, 'utf8').catch(() => '');
  const entriesOf = (text: string) => text.split('\n').filter((line) => line.startsWith('- '));
  return {
    log,
    paths,
    lines,
    overview,
    oldFlow,
    entriesOf,
    putAway: () => putAwayOldFlow(paths, { n: writer.state.n, all: false }),
  };
}

test('an overview of ordinary length is left as it is', async () => {
  const { log, overview, putAway, oldFlow } = await scene(MOST_FLOW_ENTRIES);
  await using _ = log;
  const before = await overview();
  await putAway();
  expect(await overview()).toBe(before);
  expect(await oldFlow()).toBe('');
});

test('the old entries of a long one lie in a file of their own, in order and none twice', async () => {
  const { log, lines, overview, putAway, oldFlow, entriesOf } = await scene(MOST_FLOW_ENTRIES + 1);
  await using _ = log;
  await putAway();
  expect(readOverview(await overview()).flow).toEqual(lines.slice(-KEPT_FLOW_ENTRIES));
  expect(await overview()).toContain(`## Flow Log\n${OLDER_FLOW_NOTE}\n- `);
  expect(entriesOf(await oldFlow())).toEqual(lines.slice(0, -KEPT_FLOW_ENTRIES).map((line) => `- ${line}`));
  expect(readOverview(await overview())).toMatchObject({ task: 'Build it', phase: 'init' });
});

test('a crash between the two files leaves nothing out, and the next time nothing twice', async () => {
  const { log, paths, lines, overview, putAway, oldFlow, entriesOf } = await scene(MOST_FLOW_ENTRIES + 1);
  await using _ = log;
  const before = await overview();
  await putAway();
  await writeFile(paths.overview, before);
  await putAway();
  expect([...entriesOf(await oldFlow()), ...entriesOf(await overview())]).toEqual(
    lines.map((line) => `- ${line}`),
  );
});

test('what a person wrote among the old entries stays in the overview', async () => {
  const { log, paths, overview, putAway, oldFlow } = await scene(MOST_FLOW_ENTRIES + 1);
  await using _ = log;
  const text = await overview();
  await writeFile(paths.overview, text.replace('## Flow Log\n', '## Flow Log\n- A word of mine\n'));
  await putAway();
  expect(readOverview(await overview()).flow[0]).toBe('A word of mine');
  expect(await oldFlow()).not.toContain('A word of mine');
});

test('a link in the place of the file is not followed', async () => {
  const { log, paths } = await scene(1);
  await using _ = log;
  await keepOldFlow(paths, [{ key: 'a', text: '- a\n' }]);
  await rm(paths.oldFlow);
  await symlink(paths.overview, paths.oldFlow);
  await keepOldFlow(paths, [{ key: 'b', text: '- b\n' }]);
  expect(await readFile(paths.overview, 'utf8')).not.toContain('- b\n');
  expect(await readFile(paths.oldFlow, 'utf8')).toBe('- b\n');
});
