import { extensions } from '../../core/kernel/extension.ts';
import { OVERLAP } from '../../extensions/overlap/extension.ts';

/** What `list` and `status` say, in the small program that reads. */
export function useReading(): void {
  extensions.handOver([OVERLAP]);
}
