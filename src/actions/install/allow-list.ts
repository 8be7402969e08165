import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import * as z from 'zod';
import type { ActionContext } from '../context.ts';

/**
 * What only the human does: no allow-list of ours holds it, so that the client's own question to its user is the
 * human act.
 */
export const HUMAN_ACTS: readonly string[] = [
  'approve_plan',
  'answer_qa',
  'finish_session',
  'rewind_session',
];

const Manifest = z.object({ tools: z.array(z.object({ name: z.string() })) });

/** Our tools that may run without a question. The bundle's manifest lists all; the server itself is not ours to load. */
export async function allowedTools({ programs }: ActionContext): Promise<string[]> {
  const path = join(dirname(programs.worker), '../packages/desktop/manifest.json');
  const { tools } = Manifest.parse(JSON.parse(await readFile(path, 'utf8')));
  return tools.map(({ name }) => name).filter((name) => !HUMAN_ACTS.includes(name));
}
