import { cp, mkdir, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { expect, test } from 'vitest';
import { systemHost } from '../../src/base/processes/host.ts';
import type { SessionView } from '../../src/session/events/session-view.ts';
import { sessionPaths } from '../../src/session/layout/paths.ts';
import { readSessionList } from '../../src/session/session-list.ts';
import { readSession } from '../../src/session/status.ts';
import { tempDir } from '../support/temp-dir.ts';

const CORPUS = resolve('tests/fixtures/legacy-sessions');

/** What a view says about the place of a folder. */
function placeIn(view: SessionView | undefined) {
  if (view === undefined) return undefined;
  const { status, progress } = view.state;
  return {
    kind: status.kind,
    phase: progress.phase,
  };
}

async function read(dir: string, folder: string): Promise<SessionView | undefined> {
  return await readSession(sessionPaths(dir, folder), await systemHost());
}

/** A folder without machine state, from the text of its files by name. */
async function made(files: Readonly<Record<string, string>>) {
  const dir = await tempDir();
  await mkdir(join(dir.path, 'boat'), { recursive: true });
  for (const [name, text] of Object.entries(files)) {
    await mkdir(join(dir.path, 'boat', name, '..'), { recursive: true });
    await writeFile(join(dir.path, 'boat', name), text);
  }
  return dir;
}

async function madeView(files: Readonly<Record<string, string>>): Promise<SessionView | undefined> {
  await using dir = await made(files);
  return await read(dir.path, 'boat');
}

const stopped = { kind: 'stopped' };

test.each([
  ['26-01-08-colon-stamps', { ...stopped, phase: 'planning' }],
  ['26-01-09-blocked-yes', { ...stopped, phase: 'implementation' }],
  ['26-01-10-no-totals', { ...stopped, phase: 'testing' }],
  ['26-01-11-crlf', { ...stopped, phase: 'quality' }],
  ['26-01-12-bom', { ...stopped, phase: 'requirements' }],
  ['26-01-13-unknown-phase', { ...stopped, phase: 'init' }],
  ['26-01-14-two-plans', { ...stopped, phase: 'implementation' }],
  ['26-01-15-question-boxes', { ...stopped, phase: 'requirements' }],
  ['26-01-16-repeated-iterations', { ...stopped, phase: 'init' }],
  ['26-01-17-empty-overview', { ...stopped, phase: 'init' }],
  ['26-01-18-extra-sections', { ...stopped, phase: 'investigation' }],
  ['26-01-19-invalid-byte', { ...stopped, phase: 'implementation' }],
  ['26-01-20-flow-tells', { ...stopped, phase: 'init' }],
  ['26-01-21-nested', { ...stopped, phase: 'implementation' }],
  ['26-01-22-nothing-known', { ...stopped, phase: 'init' }],
  ['My_Old.Session-V2', { kind: 'done', phase: 'done' }],
])(
  'the old folder %s is shown as done, or as stopped in the phase that its overview names',
  async (folder, place) => {
    await using dir = await tempDir();
    await cp(join(CORPUS, folder), join(dir.path, folder), { recursive: true });
    expect(placeIn(await read(dir.path, folder))).toEqual(place);
  },
);

const at = (phase: string) => `# Session: boat\n\n## Task\nFloat.\n\n## Status\nPhase: ${phase}\n`;
const line = (status: string, more: object = {}) => `${JSON.stringify({ iteration: 1, status, ...more })}\n`;

test.each([
  ['its last signal went on to it', { '_signal.json': '{"status":"continue","phase":"done"}' }],
  ['its signal was blanked for an agent that wrote none', { '_signal.json': '{}' }],
])('a folder in phase done is not shown as done when %s', async (_, files) => {
  const view = await madeView({ '_overview.md': at('done'), ...files });
  expect(placeIn(view)).toEqual({ ...stopped, phase: 'done' });
});

test.each([
  ['its signal says so', { '_signal.json': '{"status":"done"}' }],
  ['nothing but the overview is left', {}],
])('a folder in phase done is shown as done when %s', async (_, files) => {
  expect(placeIn(await madeView({ '_overview.md': at('done'), ...files }))).toMatchObject({ kind: 'done' });
});

test.each([
  ['session.log', { 'session.log': '[01-08 10:00] init\n' }],
  ['_logs/', { '_logs/01-08-1000-001-init.jsonl': '' }],
  ['the timeouts in its history', { '_signal_history.jsonl': line('none', { phase: 'init' }) }],
])('a folder that was stopped before its overview was written is listed by %s', async (_, files) => {
  await using dir = await made(files);
  const views = await readSessionList(dir.path, await systemHost());
  expect(views.map(placeIn)).toEqual([{ ...stopped, phase: 'init' }]);
  expect(views[0]?.problems.join()).toMatch(/before its overview was written.*goal/);
});

test.each(['_signal_history.jsonl', '_signal.json', '_qa.md', 'session.log'])(
  'a folder named %s is a problem of the session, and the list shows it',
  async (name) => {
    await using dir = await made({ '_overview.md': at('investigation'), [`${name}/file`]: '' });
    const [view] = await readSessionList(dir.path, await systemHost());
    expect(view?.problems).toEqual([`${name} is not a plain file or folder: move it aside.`]);
  },
);
