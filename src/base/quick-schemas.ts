import * as z from 'zod';

/**
 * For the beginning of a program. zod compiles each schema at its first use, which costs more than a program of ours
 * gains by it in its whole life: most read a few files once, and none reads faster for it afterwards.
 */
export function useQuickSchemas(): void {
  z.config({ jitless: true });
}
