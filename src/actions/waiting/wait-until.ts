/** `change`: anything worth telling; `attention`: a person is needed or it is over; `done`: it is over. */
export const WAIT_UNTIL = ['change', 'attention', 'done'] as const;
export type WaitUntil = (typeof WAIT_UNTIL)[number];
