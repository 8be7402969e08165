import { join } from 'node:path';
import { requireSendable } from '../../caller/commands/early-refusal.ts';
import type { ActionContext } from '../../caller/context/context.ts';
import { findSession, type SessionQuestion } from '../../caller/context/find-session.ts';
import { ACTION_ERRORS } from '../../caller/errors/action-errors.ts';
import { changeFile } from '../../kernel/files/change-file.ts';
import { decode, readPlainFile } from '../../kernel/files/plain-file.ts';
import { planChanges } from '../../session/documents/plan.ts';
import type { SessionView } from '../../session/folder/session-view.ts';
import { MAX_DOCUMENT_BYTES } from '../../session/layout/paths.ts';
import { readPlanOf } from './read-plan.act.ts';

/** The file of a plan that waits for approval, as read before a person edits it. */
export interface EditablePlan {
  view: SessionView;
  name: string;
  path: string;
  text: string;
}

export async function planToEdit(question: SessionQuestion, context: ActionContext): Promise<EditablePlan> {
  const view = await findSession({ ...question, isAct: true }, context);
  requireSendable('approve', view, context);
  const { name } = await readPlanOf(view);
  const path = join(view.paths.sessionDir, name);
  const reading = await readPlainFile(path, MAX_DOCUMENT_BYTES);
  return { view, name, path, text: reading.kind === 'bytes' ? decode(reading.bytes) : '' };
}

/** The lines that an edit changes, without those that an approval does not cover. */
export function editDifference({ text }: EditablePlan, edited: string): string[] {
  return planChanges(text, edited).lines;
}

/** Writes the person's version. It still waits for approval, which then records that the plan was changed. */
export async function savePlan({ view, name, path, text }: EditablePlan, edited: string): Promise<void> {
  await changeFile(path, (current) => {
    if (current === text) return edited;
    throw ACTION_ERRORS.plan_file_changed({ session: view.folder, name });
  });
}
