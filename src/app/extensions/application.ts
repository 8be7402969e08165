import { applications } from '../../core/sandbox/application.ts';
import { APPLICATION_RUNNERS } from '../../extensions/application/runner.ts';

/** For every program that runs checks or agents. */
export function useApplications(): void {
  applications.handOver([...APPLICATION_RUNNERS]);
}
