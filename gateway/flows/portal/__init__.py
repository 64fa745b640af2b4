"""The portal desk: what the gateway's own connector asks `flows.in_house` answers, `acting` takes what people do, `mailing` tells them."""
