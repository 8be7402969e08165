import { cloneApplications } from '../../core/acts/proof/clone-application.ts';
import { APPLICATION_OF_CLONES } from '../../extensions/application/clones/clone-application.ts';

/** For every program that repeats checks. */
export function useApplications(): void {
  cloneApplications.handOver([...APPLICATION_OF_CLONES]);
}
