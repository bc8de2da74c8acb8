/** Where a room's publications have got to: numbers run by 1 within an epoch, a random name of one life of the room's history. */
export interface Position {
  readonly offset: number;
  readonly epoch: string;
}

/** One broadcast as engines keep and carry it. */
export interface Publication {
  /** Names it once and for all: publishing the same id again within a minute is the same publication. */
  readonly publicationId: string;
  readonly offset: number;
  /** JSON text of `{ event, data }`; nodes build the frame. */
  readonly body: string;
  /** The connection that is left out, by its id. */
  readonly except?: string;
}

/** What may be said about a publication when it is published. */
export interface PublishOptions {
  readonly publicationId: string;
  readonly except?: string;
}
