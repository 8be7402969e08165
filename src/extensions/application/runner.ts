import type { ApplicationRunner } from '../../core/sandbox/application.ts';

export const APPLICATION_RUNNERS: readonly ApplicationRunner[] = [];
