import { SamocodeError } from '../../src/core/kernel/errors.ts';
import type { ObstacleName } from '../../src/core/kernel/phases/obstacles.ts';
import { isNoted, noteReached } from './reached.ts';

// Before each file, while `.ci/run` notes what its tests reach (SAMOCODE_REACHED): in test processes, whoever makes an
// error of a table or finds an obstacle is noted here, so that src has no code for it.

declare global {
  var samocodeNotesReached: true | undefined;
}

if (isNoted && !globalThis.samocodeNotesReached) {
  globalThis.samocodeNotesReached = true;
  const { captureStackTrace } = Error;
  Error.captureStackTrace = (error, below) => {
    if (error instanceof SamocodeError) noteReached('refusal', error.code);
    captureStackTrace(error, below);
  };
  const { OBSTACLE_QUESTIONS } = await import('../../src/core/worker/judge/obstacles.ts');
  const questions: Record<string, (typeof OBSTACLE_QUESTIONS)[ObstacleName]> = OBSTACLE_QUESTIONS;
  for (const [name, ask] of Object.entries(questions))
    questions[name] = async (inquiry) => {
      const answer = await ask(inquiry);
      if (answer !== undefined) noteReached('obstacle', name);
      return answer;
    };
}
