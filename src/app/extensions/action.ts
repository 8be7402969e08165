import { extensions } from '../../core/kernel/extension.ts';
import { CLONE_APPLICATION } from '../../extensions/application/services/served-clone.ts';

/** For the steps of action.yml, which repeat checks and do nothing else. */
export function useForAction(): void {
  extensions.handOver([CLONE_APPLICATION]);
}
