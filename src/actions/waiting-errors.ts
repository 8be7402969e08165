import { SamocodeError } from '../base/errors.ts';
import type { SessionView } from '../session/status.ts';
import { nextStep } from './next-step.ts';
import { statusSentence } from './status-sentence.ts';

const ASKED_FOR = { answers: 'answers', approval: 'approval of a plan' } as const;

/** A human act for something that the session does not wait for: too early, too late, or twice. */
export class NotWaitingError extends SamocodeError {
  readonly code = 'not_waiting';

  constructor(view: SessionView, act: keyof typeof ASKED_FOR) {
    super(
      `Session ${view.folder} does not wait for ${ASKED_FOR[act]}.`,
      statusSentence(view),
      view.pendingCommands.length > 0
        ? 'An earlier command is still on its way: look with get_status.'
        : `Next: ${nextStep(view)}.`,
    );
  }
}
