import { extensions } from '../../core/kernel/extension.ts';
import { RUNS_APPLICATIONS } from '../../extensions/application/runner.ts';

/** For workers and the steps of action.yml, which run services beside checks and use nothing else of an extension's object. */
export function useApplicationRunner(): void {
  extensions.handOver([RUNS_APPLICATIONS]);
}
