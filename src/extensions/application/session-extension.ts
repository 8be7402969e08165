import type { SessionExtension } from '../../core/worker/state/extension.ts';
import { provingOf, stateOf } from '../../core/worker/state/worker.ts';
import { takeAfterProof } from './pictures/after-proof.ts';
import { judgeServices } from './services/judge-services.ts';

const application: SessionExtension = {
  commands: {
    services: async (worker, { by, want }) => {
      const verdict = judgeServices({ want }, stateOf(worker), provingOf(worker).application);
      if (verdict.kind === 'refused') return verdict;
      return { events: [{ type: 'services_wanted', by, want }] };
    },
  },
  afterProof: takeAfterProof,
};

export const APPLICATION_SESSION_EXTENSIONS: readonly SessionExtension[] = [application];
