// Days in the reader's zone as the platform's times. No DOM.

/** The last second of a day; empty where it is no day. */
export const dayEnd = (day: string): string => timeText(`${day}T23:59:59`);

/** Its first moment; empty where it is no day. */
export const dayBegin = (day: string): string => timeText(`${day}T00:00`);

function timeText(local: string): string {
  const time = new Date(local);
  return Number.isNaN(time.getTime()) ? "" : time.toISOString();
}
