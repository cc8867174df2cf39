#!/bin/bash
# Makes the image with docker, podman or buildah, whichever works here; without any, an OCI archive that they can load.
# usage: make-image.sh
# Environment: IMAGE (name and tag), PLATFORMS (words of: linux/amd64 linux/arm64), ENGINE (docker, podman, buildah, none);
# SOURCE_DATE_EPOCH, SOURCE_COMMIT, APT_SOURCE and NODE_IMAGE as in the Dockerfile.
set -eu
cd "$(dirname "$0")/../.."
version=$(sed -nE 's/^  "version": "(.*)",$/\1/p' package.json)
image=${IMAGE:-ipvs-proxier:$version}
here=linux/$(uname -m | sed 's/x86_64/amd64/; s/aarch64/arm64/')
platforms=${PLATFORMS:-$here}
SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct 2>/dev/null || echo 0)}
SOURCE_COMMIT=${SOURCE_COMMIT:-$(git describe --always --abbrev=40 --dirty --exclude='*' 2>/dev/null || true)}
export SOURCE_DATE_EPOCH SOURCE_COMMIT

works() {
  command -v "$1" >/dev/null && timeout 20 "$1" info >/dev/null 2>&1
}

find_engine() {
  local engine
  for engine in docker podman buildah; do
    if works "$engine"; then
      echo "$engine"
      return
    fi
  done
  echo none
}

engine=${ENGINE:-$(find_engine)}
arguments=(--build-arg "SOURCE_DATE_EPOCH=$SOURCE_DATE_EPOCH" --build-arg "VERSION=$version" --platform "${platforms// /,}")
for name in SOURCE_COMMIT NODE_IMAGE APT_SOURCE; do
  [ -z "${!name:-}" ] || arguments+=(--build-arg "$name=${!name}")
done
echo "==> making $image for $platforms with ${engine/none/no engine}"
case $engine in
  # The builder of docker before 23 does not know FROM --platform.
  docker) DOCKER_BUILDKIT=1 docker build "${arguments[@]}" --tag "$image" . ;;
  podman | buildah)
    # Both would add to the list of the last time, whose images come first.
    "$engine" manifest rm "$image" >/dev/null 2>&1 || true
    # Older ones do not know BUILDPLATFORM in FROM, and would build with the compiler of the other machine.
    "$engine" build "${arguments[@]}" --build-arg "BUILDPLATFORM=$here" --manifest "$image" .
    ;;
  none)
    roots=()
    for platform in $platforms; do
      case $platform in
        linux/amd64) machine=x64 ;;
        linux/arm64) machine=arm64 ;;
        *)
          echo "image: no platform $platform; there are linux/amd64 and linux/arm64" >&2
          exit 1
          ;;
      esac
      .build/image/build-root.sh "$machine" ".cache/image/$machine"
      roots+=("$machine=.cache/image/$machine")
    done
    archive=.cache/image/ipvs-proxier-$version.tar
    node .build/image/oci-archive.ts --tag "$image" --output "$archive" "${roots[@]}"
    echo "    $archive $(du -m "$archive" | cut -f 1) MiB; load it with: docker load -i (one platform only), podman load -i, ctr images import"
    ;;
  *)
    echo "image: no engine $engine; there are docker, podman, buildah and none" >&2
    exit 1
    ;;
esac
