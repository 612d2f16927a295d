import * as path from "node:path";

import { debianBase } from "./debian-base";

/** One thing of an image's layer: see `entrySpec` in lab/mirror/image.go. */
export type Entry =
  | { readonly path: string; readonly file: string; readonly mode?: number }
  | { readonly path: string; readonly tree: string }
  | { readonly path: string; readonly link: string }
  | { readonly path: string; readonly text: string; readonly mode?: number }
  | { readonly path: string; readonly mode?: number };

/** An image as the packing tool reads it: see `imageSpec` there. */
export interface Image {
  readonly reference: string;
  readonly layers: readonly ({ readonly packed: string } | { readonly entries: readonly Entry[] })[];
  readonly entrypoint?: readonly string[];
  readonly command?: readonly string[];
  readonly user?: string;
  readonly directory?: string;
  readonly env?: readonly string[];
}

/** Folders of what the images are made of. */
export interface ImageSources {
  readonly kubernetes: string;
  readonly etcd: string;
  readonly coredns: string;
  readonly pause: string;
  readonly cni: string;
  readonly cilium: string;
  /** Result of `ensureDebianBase`. */
  readonly debian: string;
}

/** Users as in distroless images, so that a number has a name and a home. */
export const accounts: readonly Entry[] = [
  {
    path: "/etc/passwd",
    text: "root:x:0:0:root:/root:/sbin/nologin\nnobody:x:65534:65534:nobody:/nonexistent:/sbin/nologin\nnonroot:x:65532:65532:nonroot:/home/nonroot:/sbin/nologin\n",
  },
  { path: "/etc/group", text: "root:x:0:\nnobody:x:65534:\nnonroot:x:65532:\n" },
  { path: "/tmp", mode: 0o1777 },
];

/** The certificate authorities that programs in an image trust. */
export const trusted = (debian: string): Entry => ({
  path: "/etc/ssl/certs/ca-certificates.crt",
  file: path.join(debian, debianBase.certificates),
  mode: 0o644,
});
