import type { SessionExtension } from '../../../core/worker/state/extension.ts';
import { provingOf, stateOf } from '../../../core/worker/state/worker.ts';
import { judgeServices } from './judge-services.ts';
import { SessionServices } from './session-services.ts';

const services: SessionExtension = {
  commands: {
    services: async (worker, { by, want }) => {
      const verdict = judgeServices({ want }, stateOf(worker), provingOf(worker).application);
      if (verdict.kind === 'refused') return verdict;
      return { events: [{ type: 'services_wanted', by, want }] };
    },
  },
  application: (worker) => new SessionServices(worker),
};

export const SERVICES_SESSION_EXTENSIONS: readonly SessionExtension[] = [services];
