"""Speed of training, compared with the machine's limits and with other libraries."""
