import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { getStatus } from '../../src/actions/get-status.ts';
import { listSessions } from '../../src/actions/list-sessions.ts';
import { resumeSession } from '../../src/actions/resume-session.ts';
import { readSessionFile } from '../../src/session/session-file.ts';
import { makeBench } from './bench.ts';

const FOLDER = '25-11-02-Old_one.v2';

const OVERVIEW = `# Session: old one
Started: 2025-11-02 10:00
Working Dir: /somewhere/else

## Status
Phase: investigation
Iteration: 1
Total Iterations: 1
Blocked: no
Last Action: Looked around
Next: Ask

## Task
Teach the boat to float.

## Flow Log
- [001 @ 11-02 10:01] Looked around
`;

test('a folder of the original tool is listed, shown, and taken over when it is resumed', async () => {
  await using bench = await makeBench();
  const { context, sessionsDir } = bench;
  await mkdir(join(sessionsDir, FOLDER));
  const overview = join(sessionsDir, FOLDER, '_overview.md');
  await writeFile(overview, OVERVIEW);
  const { sessions } = await listSessions({}, context);
  expect(sessions.map(({ folder }) => folder)).toEqual([FOLDER]);
  expect((await getStatus({ session: FOLDER }, context)).view.isForeign).toBe(true);
  expect(await readFile(overview, 'utf8')).toBe(OVERVIEW);

  const { outcome, view } = await resumeSession({ session: 'Old_one.v2', note: 'Mind the sail.' }, context);
  expect(outcome).toBe('resumed');
  expect(view.isForeign).toBe(false);
  expect(await readSessionFile(view.paths)).toMatchObject({
    adopted: true,
    folder: FOLDER,
    task: 'Teach the boat to float.',
    settings: { branch: 'Old_one.v2' },
  });
  expect(await readFile(overview, 'utf8')).toContain('- [001 @ 11-02 10:01] Looked around');
});
