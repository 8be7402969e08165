import { beginning } from '../../kernel/text.ts';
import { documentText } from '../../session/documents/documents.ts';
import { readOverview } from '../../session/documents/overview.ts';
import type { NewEvent } from '../../session/events/events.ts';
import { readOwnOverview, writeRecordedAnswers } from '../documents/own-documents.ts';
import { readQuestions } from '../state/evidence.ts';
import type { WithFiles } from '../state/iteration.ts';
import { stateOf, takesTypedAnswers, type Worker } from '../state/worker.ts';

const MAX_FLOW_LINES = 50;
const MAX_LINE = 1000;

export interface OverviewEnd {
  lines: { lastAction?: string; next?: string };
  newFlow: string[];
  forgeries: NewEvent[];
}

/**
 * Reads the agent's changes to overview and questions, and reports forbidden ones. Answers are reverted here; the status
 * of the overview is rewritten with the next event.
 */
export async function repairOverview(worker: Worker, { files }: WithFiles): Promise<OverviewEnd> {
  const beforeText = await documentText(files.overviewBefore);
  const text = await readOwnOverview(worker.paths);
  // If the earlier copy was deleted with the run folder, changes cannot be determined.
  const before = readOverview(beforeText ?? text ?? '');
  const after = readOverview(text ?? '');
  const forgeries: NewEvent[] = [];
  if (text !== undefined && after.phase !== before.phase) {
    forgeries.push(
      forgerySeen(
        'the Phase line of the overview',
        `${before.phase ?? 'none'} became ${after.phase ?? 'none'}`,
      ),
    );
  }
  forgeries.push(...(await repairAnswers(worker)));
  const known = new Set(before.flow);
  const newFlow = after.flow.filter((line) => !known.has(line)).slice(-MAX_FLOW_LINES);
  const shortened = (line?: string) => line && beginning(line, MAX_LINE);
  const lines = { lastAction: shortened(after.lastAction), next: shortened(after.next) };
  return { lines, newFlow: newFlow.map((line) => beginning(line, MAX_LINE)), forgeries };
}

/**
 * Restores people's answers and keeps the replaced text below them; answers that no person gave stay and open no gate.
 */
async function repairAnswers(worker: Worker): Promise<NewEvent[]> {
  const { altered, unconfirmed } = await readQuestions(worker);
  const forgeries: NewEvent[] = [];
  if (altered.length > 0) {
    await writeRecordedAnswers(worker.paths, stateOf(worker));
    forgeries.push(
      takesTypedAnswers(worker)
        ? answeredAgain(altered)
        : forgerySeen('answers of the human in _qa.md', altered.join(', ')),
    );
  }
  if (unconfirmed.length > 0) {
    const ids = unconfirmed.map(({ id }) => id).join(', ');
    forgeries.push(forgerySeen('answers in _qa.md that no human gave', ids));
  }
  return forgeries;
}

/** If answers in the file are allowed, a change by a person cannot be distinguished from one by the agent. */
function answeredAgain(ids: readonly string[]): NewEvent {
  const text = `Changed in _qa.md after it was answered: ${beginning(ids.join(', '), 300)}. The recorded answer applies; the other text is below it. If you wrote it, send it as a message.`;
  return { type: 'notice', code: 'answer_changed', text };
}

/** Reports a forbidden change by an agent. @param detail written by an agent, so possibly long */
function forgerySeen(what: string, detail: string): NewEvent {
  return { type: 'forgery_seen', what, detail: beginning(detail, 300) };
}
