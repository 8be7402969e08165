import { extensions } from '../../core/kernel/extension.ts';
import { OVERLAP_OF_QUICK_WORK } from '../../extensions/overlap/of-quick-work.ts';

/** What `list` and `status` say, in the small program that reads. */
export function useReading(): void {
  extensions.handOver([OVERLAP_OF_QUICK_WORK]);
}
