"""Networks that are no U-Net, one file each."""
