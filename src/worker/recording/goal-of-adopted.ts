import { parseDocumentName } from '../../session/documents/documents.ts';
import { readEvents } from '../../session/events/event-log.ts';
import type { NewEvent } from '../../session/events/events.ts';
import { readQuestions } from '../core/evidence.ts';
import type { Worker } from '../core/worker.ts';
import { documentNames } from '../documents/documents.ts';

/** The new work for which a done folder was taken over: questions and plans that lie there belong to the work before. */
export async function goalOfAdopted(worker: Worker): Promise<NewEvent[]> {
  const { file, paths } = worker;
  if (file.goal === undefined) return [];
  const { questions } = await readQuestions(worker);
  const accepted = (await readEvents(paths.events, 0)).find(({ type }) => type === 'command_accepted');
  return [
    {
      type: 'resumed',
      by: accepted?.type === 'command_accepted' ? accepted.by : { channel: 'settings' },
      phase: 'investigation',
      resetsCounts: true,
      goal: file.goal,
      oldRounds: Math.max(0, ...questions.map(({ round }) => round)),
      oldPlans: documentNames(worker).filter((name) => parseDocumentName(name)?.kind === 'plan'),
      flow: `New goal: ${file.goal.split('\n')[0]}`,
    },
  ];
}
