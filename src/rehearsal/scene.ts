import { access, mkdir, readFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { writeWhole } from '../base/atomic-file.ts';
import { ifExists } from '../base/errors.ts';
import { sectionOf, withListLine, withStatusLine } from './markdown.ts';
import type { PromptFacts } from './prompt.ts';
import type { Stage } from './stage.ts';

/** One iteration being played: what the prompt said, and the stage to play it on. */
export interface Scene extends PromptFacts {
  stage: Stage;
  /** False: the last act, the signal file, is forgotten. */
  signals: boolean;
  /** Messages of a person that were read. */
  acknowledged: readonly string[];
}

export interface NotebookEntry {
  lastAction: string;
  next: string;
  /** Without stamp: one line for the Flow Log. */
  flow: string;
  files?: readonly string[];
  plan?: string;
}

/** The session's name without its date. */
export function sessionSlug(scene: PromptFacts): string {
  return basename(scene.sessionDir).replace(/^\d\d-\d\d-\d\d-/, '') || 'session';
}

/** The goal, or the task or dive topic as the notebook keeps it. */
export async function taskOf(scene: PromptFacts): Promise<string> {
  return scene.goal || sectionOf(await readOverview(scene), 'Task') || 'No task is written in the notebook.';
}

export async function readOverview(scene: PromptFacts): Promise<string> {
  return (await readSessionFile(scene, '_overview.md')) ?? `# Session: ${sessionSlug(scene)}\n`;
}

export async function readSessionFile(scene: PromptFacts, name: string): Promise<string | undefined> {
  return ifExists(readFile(join(scene.sessionDir, name), 'utf8'));
}

/** Writes a file of the session or the worktree as a tool call of the stage. */
export async function writeFileOnStage(scene: Scene, path: string, text: string): Promise<void> {
  await scene.stage.use('Write', { file_path: path, content: text }, async () => {
    await mkdir(dirname(path), { recursive: true });
    await writeWhole(path, text);
    return { value: undefined, text: wroteWords(text.split('\n').length - 1) };
  });
}

function wroteWords(lines: number): string {
  return `Wrote ${lines} line${lines === 1 ? '' : 's'}.`;
}

/**
 * Writes `TIMESTAMP_FILE-kind-slug.md`, numbered when the same minute has one already.
 * @returns its file name
 */
export async function writeDocument(scene: Scene, kind: string, body: string): Promise<string> {
  const stem = `${scene.stamps.file}-${kind}-${sessionSlug(scene)}`;
  let name = `${stem}.md`;
  for (let nth = 2; await exists(join(scene.sessionDir, name)); nth++) name = `${stem}-${nth}.md`;
  const rehearsed = '> Written by the rehearsal child: played from a script, no model was asked.';
  const [title = '', ...rest] = body.trim().split('\n');
  const text = `${title}\n\n${rehearsed}\n\n${rest.join('\n').trimStart()}\n`;
  await writeFileOnStage(scene, join(scene.sessionDir, name), text);
  return name;
}

/** Changes the notebook's lines that belong to a child, and appends one line to the Flow Log. */
export async function note(scene: Scene, entry: NotebookEntry): Promise<void> {
  const path = join(scene.sessionDir, '_overview.md');
  await scene.stage.use('Edit', { file_path: path, description: entry.lastAction }, async () => {
    let text = await readOverview(scene);
    text = withStatusLine(text, 'Last Action', entry.lastAction);
    text = withStatusLine(text, 'Next', entry.next);
    text = withListLine(text, 'Flow Log', `- ${scene.stamps.iteration} ${entry.flow}`);
    for (const file of entry.files ?? []) {
      if (!sectionOf(text, 'Files').includes(file)) text = withListLine(text, 'Files', `- ${file}`);
    }
    if (entry.plan) text = withListLine(text, 'Plans', `- ${entry.plan}`);
    await writeWhole(path, text);
    return { value: undefined, text: 'The notebook is up to date.' };
  });
}

/** Appends one line to the Flow Log and changes nothing else. */
export async function noteFlow(scene: Scene, flow: string): Promise<void> {
  const text = withListLine(await readOverview(scene), 'Flow Log', `- ${scene.stamps.iteration} ${flow}`);
  await writeWhole(join(scene.sessionDir, '_overview.md'), text);
}

/** Says in `_signal.json` what should happen next: always the last act. */
export async function signal(scene: Scene, word: Record<string, unknown>): Promise<void> {
  if (!scene.signals) return;
  await writeFileOnStage(
    scene,
    join(scene.sessionDir, '_signal.json'),
    `${JSON.stringify(scene.acknowledged.length > 0 ? { ...word, acknowledged: scene.acknowledged } : word)}\n`,
  );
}

async function exists(path: string): Promise<boolean> {
  return (await ifExists(access(path).then(() => true))) ?? false;
}
