import { extensions } from '../../core/kernel/extension.ts';
import { RUNS_APPLICATIONS } from '../../extensions/application/runner.ts';

/** Hands over the runner of applications: all that workers and the steps of action.yml use of the extensions' objects. */
export function useApplicationRunner(): void {
  extensions.handOver([RUNS_APPLICATIONS]);
}
