"""The portal desk: `door` answers the gateway's own connector, `acting` takes what people do, `mailing` tells them."""
